import { Writable } from "node:stream";
import { errorTrailers, type StreamedPost } from "./client.ts";
import { RuntimeError, type ErrorBody } from "./errors.ts";

/**
 * What a streaming handler writes its response to. What is neither text nor bytes goes out as JSON.
 * The response begins with the first write.
 */
export class ResponseStream extends Writable {
  readonly #open: (contentType: string) => StreamedPost;
  #contentType = "application/octet-stream";
  #prelude: Uint8Array | undefined;
  #post: StreamedPost | undefined;
  #error: ErrorBody | undefined;

  constructor(open: (contentType: string) => StreamedPost) {
    super({ objectMode: true });
    this.#open = open;
    // Whoever waits for it hears of an error; nobody has to. One that was only emitted ends it too.
    this.on("error", (error) => this.destroy(error));
  }

  get hasBegun(): boolean {
    return this.#post !== undefined;
  }

  /** Whether it was destroyed before all of it was out: whatever was not sent yet never will be. */
  get isBrokenOff(): boolean {
    return this.destroyed && !this.writableFinished;
  }

  /**
   * Resolves when the whole response has been taken, and so not before it has been ended; rejects
   * when it has been broken off.
   */
  async taken(): Promise<void> {
    if (!this.writableEnded && !this.destroyed) {
      await new Promise<void>((resolve) => this.once("prefinish", resolve).once("close", resolve));
    }
    if (this.isBrokenOff) throw this.errored ?? new Error("Response stream is not finished.");
    await this.#begin().taken;
  }

  /** @throws RuntimeError when the response has begun */
  setContentType(contentType: string): void {
    if (this.hasBegun) {
      const message = "Cannot set content-type, too late.";
      throw new RuntimeError("InvalidStreamingOperation", message);
    }
    this.#contentType = contentType;
  }

  /** Puts bytes in front of what is written. */
  setPrelude(prelude: Uint8Array): void {
    this.#prelude = prelude;
  }

  /** Ends a response that has begun with an error, unless it is over already. */
  async fail(error: ErrorBody): Promise<void> {
    if (this.writableEnded || this.destroyed) return;
    this.#error = error;
    this.end();
    await this.taken();
  }

  override _write(
    chunk: unknown,
    encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void {
    const { outgoing } = this.#begin();
    if (typeof chunk === "string") outgoing.write(chunk, encoding, callback);
    else outgoing.write(chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    const { outgoing } = this.#begin();
    if (this.#error !== undefined) {
      const { errorType } = this.#error;
      const body = Buffer.from(JSON.stringify(this.#error)).toString("base64");
      outgoing.addTrailers({ [errorTrailers.type]: errorType, [errorTrailers.body]: body });
    }
    outgoing.end(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.isBrokenOff) this.#post?.outgoing.destroy();
    callback(error);
  }

  #begin(): StreamedPost {
    if (this.#post === undefined) {
      this.#post = this.#open(this.#contentType);
      this.#post.taken.catch((error: Error) => this.destroy(error));
      if (this.#prelude !== undefined) this.#post.outgoing.write(this.#prelude);
    }
    return this.#post;
  }
}
