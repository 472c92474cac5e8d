import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A server with files to process, which takes the results. */
export interface FileServer {
  /** Without a slash at the end. Files are under `/data/<name>`, results under `/results/<name>`. */
  readonly url: string;
  close(): Promise<void>;
}

/** How to start a {@link FileServer}. */
interface FileServerOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** Where results are kept; made when it is not there. */
  readonly resultFolder: string;
  /** Called before an upload is read; the upload waits for it. */
  readonly beforeUpload?: (name: string) => Promise<void>;
}

const DATA_FOLDER = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data');
const PATH = /^\/(data|results)\/([\w-][\w.-]*)$/;

/**
 * Serves the data files of the package `vega-datasets`, and takes results with PUT, gives them with GET and removes
 * them with DELETE. An upload is written as it arrives, so one that breaks off leaves a part behind.
 */
export async function startFileServer(options: FileServerOptions): Promise<FileServer> {
  await mkdir(options.resultFolder, { recursive: true });
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: FileServerOptions,
): Promise<void> {
  const [, kind, name] = PATH.exec(request.url ?? '') ?? [];
  if (kind === undefined || name === undefined) {
    response.writeHead(404).end();
    return;
  }
  const path = join(kind === 'data' ? DATA_FOLDER : options.resultFolder, name);
  if (request.method === 'GET') {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) response.writeHead(404).end();
    else await pipeline(createReadStream(path), response.writeHead(200, { 'content-length': found.size }));
  } else if (kind === 'results' && request.method === 'PUT') {
    const file = createWriteStream(path);
    await once(file, 'open');
    await options.beforeUpload?.(name);
    await pipeline(request, file);
    response.writeHead(201).end();
  } else if (kind === 'results' && request.method === 'DELETE') {
    await rm(path, { force: true });
    response.writeHead(204).end();
  } else {
    response.writeHead(405, { allow: kind === 'results' ? 'GET, PUT, DELETE' : 'GET' }).end();
  }
}
