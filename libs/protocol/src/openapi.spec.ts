import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './openapi.js';
import type { Route } from './route.js';
import { ROUTES } from './routes.js';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly requestBody?: { readonly required: boolean };
}

// As clients receive it: through JSON.
const text = JSON.stringify(openApiDocument('1.2.3'));
const document = JSON.parse(text) as {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);
    expect(result).toEqual({ valid: true });
    expect(document.openapi).toBe('3.1.1');
    expect(document.info.version).toBe('1.2.3');
  });

  it.each(Object.entries<Route>(ROUTES))('describes %s', (name, route) => {
    const operation = document.paths[route.path]?.[route.method];
    expect(operation?.operationId).toBe(name);
    expect(Object.keys(operation?.responses ?? {})).toEqual(
      expect.arrayContaining([String(route.success.status), 'default']),
    );
    expect(operation?.requestBody?.required).toBe(route.body ? route.bodyRequired : undefined);
  });

  it('refuses unknown fields of request bodies', () => {
    expect(document.components.schemas['StartWorkflowRequest']).toMatchObject({
      additionalProperties: false,
      required: ['workflowType', 'taskQueue'],
    });
  });

  it('has no dangling references', () => {
    const known = new Set(
      Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
    );
    const used = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
    expect(used.length).toBeGreaterThan(50);
    expect(used.filter((target) => !known.has(String(target)))).toEqual([]);
  });
});
