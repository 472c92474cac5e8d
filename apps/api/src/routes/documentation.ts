import { openApiDocument } from '@tidewheel/protocol';
import type { Application, RequestHandler } from 'express';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { answerOtherMethods } from '../http/problem-answers.js';
import { setRoutePattern } from '../http/request-metrics.js';

/** Files of Swagger UI that the page loads. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Tidewheel API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START_SCRIPT = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true });
`;

/** Serves the OpenAPI document and a page that shows it; everything comes from this process, nothing from elsewhere. */
export function mountDocumentation(app: Application, version: string): void {
  const document = JSON.stringify(openApiDocument(version));
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  get(app, '/openapi.json', (_request, response) => {
    response.type('application/json').send(document);
  });
  get(app, '/docs', (_request, response) => {
    response.type('text/html').send(PAGE);
  });
  get(app, '/docs/start.js', (_request, response) => {
    response.type('text/javascript').send(START_SCRIPT);
  });
  for (const name of ASSETS) {
    get(app, `/docs/${name}`, (_request, response) => {
      response.sendFile(name, { root: folder, maxAge: 3_600_000 });
    });
  }
}

/** Puts an answer to GET under a path, and refuses other methods there. */
export function get(app: Application, path: string, answer: RequestHandler): void {
  app.get(path, (request, response, next) => {
    setRoutePattern(response, path);
    return answer(request, response, next);
  });
  app.all(path, answerOtherMethods(['get']));
}
