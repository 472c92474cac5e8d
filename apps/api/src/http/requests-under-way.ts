import type { Server } from 'node:http';

/** Knows how many requests of a server have come and are not answered yet. */
export class RequestsUnderWay {
  private count = 0;
  private tellNone: () => void = () => undefined;

  constructor(server: Server) {
    server.on('request', (_request, response) => {
      this.count += 1;
      response.once('close', () => {
        this.count -= 1;
        if (this.count === 0) this.tellNone();
      });
    });
  }

  /** Resolves when all are answered, at the latest after the limit. */
  async none(limitMs: number): Promise<void> {
    if (this.count === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.tellNone = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
  }
}
