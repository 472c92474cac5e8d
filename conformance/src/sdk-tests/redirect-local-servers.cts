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
  readonly server?: { readonly namespace?: string };
}

interface Loader {
  _load(request: string, ...others: unknown[]): unknown;
}

interface ClientModule {
  readonly Connection: {
    connect(options: object): Promise<{
      readonly workflowService: { registerNamespace(request: object): Promise<unknown> };
      close(): Promise<void>;
    }>;
  };
}

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
    const created = await environment.createFromExistingServer({
      address,
      namespace: isFirst ? 'default' : await newNamespace(server?.namespace),
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
  const { Connection } = Module.createRequire(`${process.cwd()}/`)('@temporalio/client') as ClientModule;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace: name,
      workflowExecutionRetentionPeriod: { seconds: 86_400 },
    });
  } finally {
    await connection.close();
  }
  return name;
}
