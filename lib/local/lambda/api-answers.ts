import type { ServerResponse } from "node:http";

/** An error as the Runtime API and the Extensions API have them. */
export interface ApiError {
  readonly errorType: string;
  readonly errorMessage: string;
}

export function answerJson(outgoing: ServerResponse, status: number, content: object): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(content));
}

export function accept(outgoing: ServerResponse): void {
  answerJson(outgoing, 202, { status: "OK" });
}

export function refuse(outgoing: ServerResponse, status: number, error: ApiError): void {
  answerJson(outgoing, status, error);
}
