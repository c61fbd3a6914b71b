import { spawn } from "node:child_process";
import { once } from "node:events";

/** Sees to it that no process of a function outlives the local cloud, however that ends. */
export interface Reaper {
  /** @param pid a process that leads a process group of its own */
  watch(pid: number): void;
  forget(pid: number): void;
  /** Kills what is still watched, and ends. */
  close(): Promise<void>;
}

// Its standard input is a pipe whose other end the kernel closes when the local cloud dies, also by
// SIGKILL. A function's process can't be left to watch for that itself: it may be in an endless
// loop, or stopped. Ctrl-C in a terminal isn't for the reaper, so it ignores that.
const script = `
trap '' INT TERM HUP
watched=
while read -r order pid; do
  case $order in
    watch) watched="$watched $pid" ;;
    forget)
      kept=
      for each in $watched; do [ "$each" = "$pid" ] || kept="$kept $each"; done
      watched=$kept ;;
  esac
done
for pid in $watched; do kill -s KILL -- "-$pid" 2>/dev/null; done
`;

export function startReaper(): Reaper {
  const shell = spawn("/bin/sh", ["-c", script], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  const exited = once(shell, "exit").catch((error: unknown) => {
    console.error("local cloud: no reaper, so functions may outlive a crash:", error);
  });
  // Neither keeps the local cloud's own process alive.
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  shell.stdin.on("error", () => {});
  return {
    watch: (pid) => shell.stdin.write(`watch ${pid}\n`),
    forget: (pid) => shell.stdin.write(`forget ${pid}\n`),
    async close() {
      shell.ref();
      shell.stdin.end();
      await exited;
    },
  };
}
