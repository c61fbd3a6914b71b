import type { ComparisonRecord } from "./record.ts";

/** A source, and what was read of it and is not merged yet. */
interface Cursor {
  readonly pages: AsyncGenerator<ComparisonRecord[]>;
  page: ComparisonRecord[];
}

/**
 * Merges sources of pages, each in the order in which DynamoDB sorts its records' ids. Where several have
 * an id, the last one's record stands. It holds a page of each source, however many records there are.
 */
export async function* mergeById(
  sources: readonly AsyncGenerator<ComparisonRecord[]>[],
): AsyncGenerator<ComparisonRecord[]> {
  try {
    let cursors = await filled(sources.map((pages) => ({ pages, page: [] })));
    while (cursors.length > 0) {
      // All of them were read up to there, so nothing else comes with one of these ids.
      const until = cursors.map(({ page }) => utf8(page.at(-1)!.sk)).reduce(lesser);
      const merged = cursors.flatMap((cursor) => taken(cursor, until));
      yield [...new Map(merged.map((record) => [record.sk, record])).values()];
      cursors = await filled(cursors);
    }
  } finally {
    await Promise.allSettled(sources.map((pages) => pages.return(undefined)));
  }
}

/** Reads a page for each that has none left. Returns those that have one. */
async function filled(cursors: Cursor[]): Promise<Cursor[]> {
  const fill = async (cursor: Cursor) => {
    while (cursor.page.length === 0) {
      const { done, value } = await cursor.pages.next();
      if (done) return;
      cursor.page = value;
    }
  };
  await Promise.all(cursors.map(fill));
  return cursors.filter(({ page }) => page.length > 0);
}

/** Takes the records up to an id, that one included. */
function taken(cursor: Cursor, until: Buffer): ComparisonRecord[] {
  const { page } = cursor;
  const first = page.findIndex(({ sk }) => Buffer.compare(utf8(sk), until) > 0);
  cursor.page = first === -1 ? [] : page.slice(first);
  return first === -1 ? page : page.slice(0, first);
}

/** DynamoDB sorts texts by these bytes, which is not the order that JavaScript has for them. */
function utf8(text: string): Buffer {
  return Buffer.from(text);
}

function lesser(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) < 0 ? a : b;
}
