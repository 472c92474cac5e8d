import type { Connection } from './connection.js';
import { loadDataConverter } from './data-converter.js';
import type { DataConverter } from './data-converter.js';
import type { QueryRejectCondition } from './policies.js';
import { WorkflowClient } from './workflow-client.js';

/** What a {@link Client} is made with. */
export interface ClientOptions {
  readonly connection: Connection;
  /** Default: `default`. */
  readonly namespace?: string;
  /** Written into histories as who asked; default: that of the connection, `pid@hostname`. */
  readonly identity?: string;
  readonly dataConverter?: DataConverter;
  /** Executions that queries are not put to; default: none. */
  readonly queryRejectCondition?: QueryRejectCondition;
}

/** Everything that an application asks of a deployment, in one namespace. Cheap to make. */
export class Client {
  readonly connection: Connection;
  readonly namespace: string;
  /** Starts workflows and finds those that were started. */
  readonly workflow: WorkflowClient;

  constructor(options: ClientOptions) {
    this.connection = options.connection;
    this.namespace = options.namespace ?? 'default';
    this.workflow = new WorkflowClient({
      service: options.connection.workflowService,
      namespace: this.namespace,
      identity: options.identity,
      converter: loadDataConverter(options.dataConverter),
      queryRejectCondition: options.queryRejectCondition,
    });
  }
}
