// Finds what the processes and libraries log, in their sources: every call of a logger with a message that is written there.
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const SOURCES = ['apps', 'libs'];
const NOT_SHIPPED = /\.(spec|itest|fixture|d)\.ts$|[\\/](testing|node_modules|dist)[\\/]/;

/** All log events, by message: `{ message, level, project, fields }`; parts of a message that vary are `…`. */
export function findLogEvents(root) {
  const events = new Map();
  for (const file of sourceFiles(root)) {
    const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest);
    const project = file.split(sep).slice(0, 2).join('/');
    visit(source, source, ({ message, level, fields }) => {
      const known = events.get(`${level} ${message} ${project}`);
      const all = [...new Set([...(known?.fields ?? []), ...fields])].sort();
      events.set(`${level} ${message} ${project}`, { message, level, project, fields: all });
    });
  }
  return [...events.values()];
}

function sourceFiles(root) {
  return SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((project) =>
      readdirSync(join(root, folder, project, 'src'), { recursive: true }).map((file) =>
        join(folder, project, 'src', file),
      ),
    ),
  )
    .filter((file) => file.endsWith('.ts') && !NOT_SHIPPED.test(file))
    .sort();
}

function visit(node, source, found) {
  const event = eventOf(node, source);
  if (event) found(event);
  ts.forEachChild(node, (child) => visit(child, source, found));
}

function eventOf(node, source) {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const level = node.expression.name.text;
  if (!LEVELS.includes(level) || !/(^|\.)log(ger)?$/i.test(node.expression.expression.getText(source)))
    return undefined;
  const message = node.arguments.map((argument) => textOf(argument)).find((text) => text !== undefined);
  if (message === undefined) return undefined;
  const fields = node.arguments.filter(ts.isObjectLiteralExpression).flatMap(fieldsOf);
  return { message, level, fields };
}

function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…');
}

function fieldsOf({ properties }) {
  return properties.flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : []));
}
