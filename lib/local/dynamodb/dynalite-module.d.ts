declare module "dynalite" {
  import type { Server } from "node:http";

  /** A server that holds its tables in memory, unless there is a `path`. It doesn't listen yet. */
  export default function dynalite(options?: {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    path?: string;
  }): Server;
}
