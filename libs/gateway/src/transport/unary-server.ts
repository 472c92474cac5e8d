import { Server } from '@grpc/grpc-js';
import type { ServerOptions } from '@grpc/grpc-js';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { UnaryCall } from './unary-call.js';
import type { UnaryMethod } from './unary-call.js';

/** What of grpc-js' server is built upon, with the method that it calls for every stream of every connection. */
type StreamServer = Pick<Server, 'addService' | 'bindAsync' | 'tryShutdown' | 'forceShutdown'> & {
  _streamHandler(interceptors: unknown, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
};
// grpc-js declares that method as private. Its version is pinned, and without the method no unary call would be answered.
const StreamServer = Server as unknown as new (options: ServerOptions) => StreamServer;

/**
 * A server of grpc-js that answers the unary methods it is given by itself: grpc-js' own way is made for streams, and
 * takes several times as long for a single message each way. Connections, all other methods and the end of the server
 * stay with grpc-js.
 */
export class UnaryServer extends StreamServer {
  private readonly methods = new Map<string, UnaryMethod>();

  constructor(options: ServerOptions) {
    // With channelz another method would be called for each stream.
    super({ ...options, 'grpc.enable_channelz': 0 });
  }

  addUnaryMethods(methods: readonly UnaryMethod[]): void {
    for (const method of methods) this.methods.set(method.path, method);
  }

  override _streamHandler(
    interceptors: unknown,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ): void {
    const method = this.methods.get(headers[':path'] ?? '');
    if (method && headers['content-type']?.startsWith('application/grpc')) {
      new UnaryCall(stream, headers, method).start();
    } else super._streamHandler(interceptors, stream, headers);
  }
}
