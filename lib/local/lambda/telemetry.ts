import { Transform } from "node:stream";

/** The variable that names the descriptor for log frames. AWS's runtime client takes it away. */
export const TELEMETRY_VARIABLE = "_LAMBDA_TELEMETRY_LOG_FD";

/** Type and length, 4 bytes each, and a time of 8 bytes. */
const HEADER_BYTES = 16;
const LENGTH_OFFSET = 4;

/**
 * Takes the log frames that AWS's runtime client writes, and gives out their text. Unlike what goes
 * to its standard output, frames are written at once, and so before the process is frozen.
 */
export function unframe(): Transform {
  let header = Buffer.alloc(0);
  let left = 0;
  return new Transform({
    transform(chunk: Buffer, _, callback) {
      for (let rest = chunk; rest.length > 0;) {
        const wanted = left > 0 ? left : HEADER_BYTES - header.length;
        const part = rest.subarray(0, wanted);
        rest = rest.subarray(wanted);
        if (left > 0) {
          left -= part.length;
          this.push(part);
          continue;
        }
        header = Buffer.concat([header, part]);
        if (header.length < HEADER_BYTES) continue;
        left = header.readUInt32BE(LENGTH_OFFSET);
        header = Buffer.alloc(0);
      }
      callback();
    },
  });
}
