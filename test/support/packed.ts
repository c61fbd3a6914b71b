import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Place } from "./segue-command.ts";

const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

/** What the package is made of; the rest of the repository is no part of it. */
const SOURCES = [
  "bin",
  "docs",
  "lambdas",
  "lib",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
];

interface Manifest {
  readonly bin: { readonly segue: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export type Packed = Awaited<ReturnType<typeof pack>>;
export type Project = Awaited<ReturnType<Packed["project"]>>;

/**
 * The package as `npm pack` builds it. It is made of a copy of the sources, so that several test files
 * can do so at once.
 */
export async function pack() {
  const folder = await mkdtemp(join(tmpdir(), "segue-package-"));
  try {
    return await packInto(folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function packInto(folder: string) {
  const sources = join(folder, "sources");
  await Promise.all(
    SOURCES.map((name) => cp(join(root, name), join(sources, name), { recursive: true })),
  );
  await symlink(join(root, "node_modules"), join(sources, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: sources,
  });
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [
    { filename: string; files: { path: string }[] },
  ];
  const tarball = join(folder, filename);
  await run("tar", ["-xzf", tarball, "-C", folder]);
  const unpacked = join(folder, "package");
  const manifest = JSON.parse(await readFile(join(unpacked, "package.json"), "utf8")) as Manifest;
  const { peerDependencies, peerDependenciesMeta, dependencies } = manifest;
  const peers = Object.keys(peerDependencies);
  const isOptional = (name: string) => peerDependenciesMeta[name]?.optional === true;

  return {
    tarball,
    /** The folder with what is in it. */
    unpacked,
    /** The files in the tarball. */
    files: files.map(({ path }) => path),
    optionalPeers: peers.filter(isOptional),
    /**
     * Makes an empty project with the package in it. What npm would install with it are links to this
     * repository's own: that takes no network and no time, and nothing is there but what the package
     * declares, whereas npm would put the dependencies of dependencies within its reach too.
     *
     * @param packages what the project installs itself.
     */
    async project(packages: readonly string[], ownManifest: object = { type: "module" }) {
      const project = await mkdtemp(join(folder, "project-"));
      const modules = join(project, "node_modules");
      await mkdir(modules);
      await cp(unpacked, join(modules, "middy-segue"), { recursive: true });
      const required = peers.filter((name) => !isOptional(name));
      const links = new Set([...Object.keys(dependencies), ...required, ...packages]);
      await Promise.all(
        Array.from(links, async (name) => {
          const link = join(modules, name);
          await mkdir(dirname(link), { recursive: true });
          await symlink(join(root, "node_modules", name), link);
        }),
      );
      // The CDK asks npx for esbuild.
      await symlink(join(root, "node_modules", ".bin"), join(modules, ".bin"));
      await writeFile(join(project, "package.json"), JSON.stringify(ownManifest));
      const bin = join(modules, "middy-segue", manifest.bin.segue);
      const place: Place = { bin, cwd: project };
      return {
        folder: project,
        /** Where the project's own `segue` runs. */
        place,
        /** Writes a file of the project. */
        write: async (name: string, text: string) => {
          await mkdir(dirname(join(project, name)), { recursive: true });
          await writeFile(join(project, name), text);
        },
        /** Runs Node in the project, and resolves to how that ended. */
        node: (...args: string[]) => ended(process.execPath, args, project),
        /** Runs the TypeScript compiler in the project; resolves to what it has to say, such as nothing. */
        compile: async (...args: string[]) => {
          const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
          const said = await ended(process.execPath, [tsc, ...args], project);
          return said.stdout + said.stderr;
        },
      };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs a program to its end, however that is. */
async function ended(file: string, args: readonly string[], cwd: string) {
  // Node's test runner would take a run of its own in there for a part of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  try {
    return { code: 0, ...(await run(file, args, { cwd, env })) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
