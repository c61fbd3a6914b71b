/**
 * Orders names so that each comes after all that it depends on, and else as they were given. A
 * dependency that isn't among the names is passed over.
 *
 * @throws Error that names the members of a cycle
 */
export function dependencyOrder(dependencies: ReadonlyMap<string, Iterable<string>>): string[] {
  const ordered: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string) => {
    if (done.has(name)) return;
    const start = trail.indexOf(name);
    if (start >= 0) {
      throw new Error(`dependency cycle: ${[...trail.slice(start), name].join(" → ")}`);
    }
    trail.push(name);
    for (const dependency of dependencies.get(name) ?? []) {
      if (dependencies.has(dependency)) visit(dependency);
    }
    trail.pop();
    done.add(name);
    ordered.push(name);
  };
  for (const name of dependencies.keys()) visit(name);
  return ordered;
}
