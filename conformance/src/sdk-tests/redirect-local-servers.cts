// Loaded before the tests of the SDK: those that would start a local server of their own get the gateway instead, those that
// are there at the same time with namespaces of their own, as if they were apart.
import crypto = require('node:crypto');
import Module = require('node:module');

interface Environment {
  teardown(): Promise<void>;
}

interface TestEnvironment {
  createLocal(options?: LocalOptions): Promise<Environment>;
  createFromExistingServer(options: object): Promise<Environment>;
}

interface LocalOptions {
  readonly client?: object;
  readonly plugins?: unknown;
  readonly server?: {
    readonly namespace?: string;
    readonly searchAttributes?: readonly { readonly name: string; readonly type: string }[];
  };
}

interface TestConnection {
  readonly workflowService: { registerNamespace(request: object): Promise<unknown> };
  readonly operatorService: { addSearchAttributes(request: object): Promise<unknown> };
  close(): Promise<void>;
}

interface Loader {
  _load(request: string, ...others: unknown[]): unknown;
}

interface ClientModule {
  readonly Connection: {
    connect(options: object): Promise<TestConnection>;
  };
}

/** Types of search attributes in the order of their numbers, from 1. */
const TYPES = ['TEXT', 'KEYWORD', 'INT', 'DOUBLE', 'BOOL', 'DATETIME', 'KEYWORD_LIST'];
const ALREADY_EXISTS = 6;
const address = process.env['CONFORMANCE_ADDRESS'];
const loader = Module as unknown as Loader;
const load = loader._load.bind(Module);
const redirected = new WeakSet();
/** Environments that are not torn down yet. */
let open = 0;

loader._load = (request, ...others) => {
  const loaded = load(request, ...others);
  if (request === '@temporalio/testing') redirect(loaded as { TestWorkflowEnvironment: TestEnvironment });
  return loaded;
};

function redirect({
  TestWorkflowEnvironment: environment,
}: {
  TestWorkflowEnvironment: TestEnvironment;
}): void {
  if (redirected.has(environment)) return;
  redirected.add(environment);
  environment.createLocal = async ({ client, plugins, server } = {}) => {
    const isFirst = open === 0 && server?.namespace === undefined;
    open++;
    const namespace = isFirst ? 'default' : await newNamespace(server?.namespace);
    await registerSearchAttributes(namespace, server?.searchAttributes ?? []);
    const created = await environment.createFromExistingServer({
      address,
      namespace,
      client,
      plugins,
    });
    const teardown = created.teardown.bind(created);
    created.teardown = async () => {
      open--;
      await teardown();
    };
    return created;
  };
}

async function newNamespace(name = `local-${crypto.randomUUID()}`): Promise<string> {
  await connected(({ workflowService }) =>
    workflowService.registerNamespace({
      namespace: name,
      workflowExecutionRetentionPeriod: { seconds: 86_400 },
    }),
  );
  return name;
}

/** One by one, for the namespace is used again, and those that it has already are refused. */
async function registerSearchAttributes(
  namespace: string,
  keys: readonly { readonly name: string; readonly type: string }[],
): Promise<void> {
  if (keys.length === 0) return;
  await connected(async ({ operatorService }) => {
    for (const { name, type } of keys) {
      const searchAttributes = { [name]: TYPES.indexOf(type) + 1 };
      await operatorService.addSearchAttributes({ namespace, searchAttributes }).catch((error: unknown) => {
        if ((error as { code?: number }).code !== ALREADY_EXISTS) throw error;
      });
    }
  });
}

async function connected(use: (connection: TestConnection) => Promise<unknown>): Promise<void> {
  const { Connection } = Module.createRequire(`${process.cwd()}/`)('@temporalio/client') as ClientModule;
  const connection = await Connection.connect({ address });
  try {
    await use(connection);
  } finally {
    await connection.close();
  }
}
