import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { waitUntil } from './wait-until.js';

/** A server that gives every byte back, and what it has received so far. */
interface EchoServer {
  readonly server: Server;
  readonly port: number;
  readonly sockets: Socket[];
  readonly received: () => string;
}

/** A client with what it has received so far, and how its connection ended. */
interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  readonly closed: Promise<string>;
}

async function startEcho(): Promise<EchoServer> {
  let received = '';
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received += bytes.toString();
      socket.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, sockets, received: () => received };
}

let echo: EchoServer;
let proxy: FaultProxy;
const clients: Client[] = [];

async function newClient(through: FaultProxy = proxy): Promise<Client> {
  const socket = connect(through.port, through.host);
  let received = '';
  let ending = 'end';
  socket.on('data', (bytes) => (received += bytes.toString()));
  socket.on('error', (error: NodeJS.ErrnoException) => (ending = error.code ?? error.message));
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(ending)));
  const client: Client = { socket, received: () => received, closed };
  clients.push(client);
  await once(socket, 'connect');
  return client;
}

const hears = (client: Client, text: string): Promise<unknown> =>
  waitUntil(() => client.received() === text, { what: `the client to hear ${text}` });

/** A client that is known to be connected through to the server. */
async function newEchoingClient(through: FaultProxy = proxy): Promise<Client> {
  const client = await newClient(through);
  client.socket.write('hello');
  await hears(client, 'hello');
  return client;
}

beforeEach(async () => {
  echo = await startEcho();
  proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: echo.port } });
});
afterEach(async () => {
  await proxy.stop();
  for (const { socket } of clients.splice(0)) socket.destroy();
  for (const socket of echo.sockets) socket.destroy();
  echo.server.close();
});

describe('a fault proxy', () => {
  it('forwards both ways, and the end of the stream too', async () => {
    const client = await newEchoingClient();
    expect(proxy.url).toBe(`redis://127.0.0.1:${proxy.port}`);
    expect(proxy.connectionCount).toBe(1);
    client.socket.end();
    await expect(client.closed).resolves.toBe('end');
    await waitUntil(() => proxy.connectionCount === 0, { what: 'the connection to be gone' });
  });

  it('carries more than its queues hold without loss, through a freeze as well', async () => {
    const client = await newClient();
    const sent = '0123456789'.repeat(500_000);
    proxy.freeze();
    client.socket.write(sent);
    await waitUntil(() => client.socket.bytesWritten > 0, { what: 'the client to write' });
    proxy.thaw();
    await waitUntil(() => client.received().length === sent.length, { what: 'all bytes to come back' });
    expect(client.received() === sent).toBe(true);
  });

  it('delays chunks and keeps their order, even when the latency is lowered meanwhile', async () => {
    const client = await newEchoingClient();
    proxy.setLatency(30);
    client.socket.write('first ');
    await waitUntil(() => client.socket.writableLength === 0, { what: 'the first chunk to be sent' });
    proxy.setLatency(1);
    client.socket.write('second');
    await hears(client, 'hellofirst second');
  });

  it('keeps what is sent while frozen, and delivers it when thawed', async () => {
    const client = await newEchoingClient();
    proxy.freeze();
    client.socket.write(' frozen');
    const late = await newClient();
    late.socket.write('late');
    // By the time that another proxy has carried something there and back, this one would have, too.
    const other = await startFaultProxy({ target: { host: '127.0.0.1', port: echo.port } });
    await newEchoingClient(other);
    await other.stop();
    expect(echo.received()).toBe('hellohello');
    proxy.thaw();
    await hears(client, 'hello frozen');
    await hears(late, 'late');
  });

  it('swallows everything in the black hole, and what it caught stays dead', async () => {
    const caught = await newEchoingClient();
    proxy.blackhole();
    const born = await newClient();
    born.socket.write('into the void');
    caught.socket.write('lost');
    echo.sockets[0]!.write('lost too');
    expect(proxy.connectionCount).toBe(2);

    proxy.restore();
    caught.socket.write('still lost');
    const fresh = await newEchoingClient();
    expect(fresh.received()).toBe('hello');
    expect(caught.received()).toBe('hello');
    expect(born.received()).toBe('');
    expect(echo.received()).toBe('hellohello');
    expect(echo.sockets).toHaveLength(2);
  });

  it('does not tell the target that a client in the black hole has gone', async () => {
    const caught = await newEchoingClient();
    proxy.blackhole();
    caught.socket.resetAndDestroy();
    await waitUntil(() => proxy.connectionCount === 0, { what: 'the proxy to see the client go' });
    expect(echo.sockets[0]!.readyState).toBe('open');
    proxy.cutAll();
    await waitUntil(() => echo.sockets[0]!.destroyed, { what: 'the target to see the cut' });
  });

  it('cuts all connections and accepts new ones', async () => {
    const cut = [await newEchoingClient(), await newEchoingClient()];
    proxy.cutAll();
    await expect(Promise.all(cut.map(({ closed }) => closed))).resolves.toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(proxy.cutCount).toBe(2);
    await newEchoingClient();
    await waitUntil(() => echo.sockets[0]!.destroyed && echo.sockets[1]!.destroyed, {
      what: 'the target to see it',
    });
  });

  it('refuses new connections until restored, while open ones go on', async () => {
    const open = await newEchoingClient();
    proxy.refuse();
    await (
      await newClient()
    ).closed;
    open.socket.write(' still here');
    await hears(open, 'hello still here');
    expect(echo.sockets).toHaveLength(1);
    proxy.restore();
    await newEchoingClient();
  });

  it('breaks the line in the middle of a message', async () => {
    const client = await newEchoingClient();
    proxy.dropAfterBytes(4, 'toClient');
    client.socket.write(' and more');
    await client.closed;
    expect(client.received()).toBe('hello and');
    expect(echo.received()).toBe('hello and more');
    expect(proxy.cutCount).toBe(1);
    await newEchoingClient();
  });

  it('can lose the answer to a request that arrived', async () => {
    const client = await newEchoingClient();
    proxy.dropAfterBytes(0, 'toClient');
    client.socket.write(' request');
    await client.closed;
    expect(echo.received()).toBe('hello request');
    expect(client.received()).toBe('hello');
  });

  it('counts the bytes of both directions by default', async () => {
    const client = await newEchoingClient();
    proxy.dropAfterBytes(6);
    client.socket.write('12345');
    await client.closed;
    expect(echo.received()).toBe('hello12345');
    expect(client.received()).toBe('hello1');
  });

  it('resets the client when the target cannot be reached', async () => {
    echo.server.close();
    await expect((await newClient()).closed).resolves.toBe('ECONNRESET');
  });

  it('passes on a reset by the target', async () => {
    const client = await newEchoingClient();
    echo.sockets[0]!.resetAndDestroy();
    await expect(client.closed).resolves.toBe('ECONNRESET');
  });

  it('breaks what is open when it is stopped', async () => {
    const client = await newEchoingClient();
    await proxy.stop();
    await proxy.stop();
    await expect(client.closed).resolves.toBe('ECONNRESET');
  });
});
