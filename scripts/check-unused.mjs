// Finds what nobody needs: exports that no other file imports, files that nothing imports, and dependencies that no
// file of their project mentions. Also finds packages that are imported but not declared in the project's package.json.
//
// Reads the syntax only (no types), so it takes about a second. Starting points are: the sources named in "exports" of
// a package.json, src/main.ts, tests, and compiled files named in a "scripts" entry or in a file of scripts/.
// A file is also reached by any string that names it ("./x.js"), as worker threads and bundlers do.
//
// Unused dependencies are warnings; with --strict they are failures.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = process.cwd();
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'coverage', 'tmp']);
const TEST_FILE = /\.(spec|itest)\.ts$/;
const TEST_SUPPORT = /\.(spec|itest|fixture)\.ts$/;

const strict = process.argv.includes('--strict');

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function filesUnder(folder, wanted) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : filesUnder(path, wanted);
    return wanted(entry.name) ? [path] : [];
  });
}

function loadProjects() {
  const folders = readJson('package.json').workspaces.flatMap((pattern) =>
    pattern.endsWith('/*') ? filesUnderOneLevel(pattern.slice(0, -2)) : [join(ROOT, pattern)],
  );
  return folders
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) }));
}

function filesUnderOneLevel(group) {
  return existsSync(group) ? readdirSync(group).map((name) => join(ROOT, group, name)) : [];
}

/** The source files that a project offers to others, by import path: `.` or `./testing`. */
function publicEntriesOf({ folder, manifest }) {
  return Object.entries(manifest.exports ?? {}).flatMap(([path, conditions]) => {
    const source = conditions['@tidewheel/source'];
    return source === undefined ? [] : [[path, join(folder, source)]];
  });
}

/** What one file exports, imports and names in strings. */
function readSource(file) {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const source = { file, exports: new Map(), imports: [], strings: new Set() };
  const lineOf = (node) => tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const addExport = (name) => source.exports.set(name.text, lineOf(name));
  const addImport = (specifier, names, typeOnly) => source.imports.push({ specifier, names, typeOnly });

  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement)) {
      const clause = statement.importClause;
      const bindings = clause?.namedBindings;
      const names = [];
      if (clause?.name) names.push('default');
      if (bindings && ts.isNamespaceImport(bindings)) names.push('*');
      if (bindings && ts.isNamedImports(bindings)) {
        names.push(...bindings.elements.map((element) => (element.propertyName ?? element.name).text));
      }
      const isType = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
      addImport(statement.moduleSpecifier.text, names, isType);
    } else if (ts.isExportDeclaration(statement)) {
      const elements =
        statement.exportClause && ts.isNamedExports(statement.exportClause)
          ? statement.exportClause.elements
          : [];
      for (const element of elements) addExport(element.name);
      if (statement.moduleSpecifier) {
        const names = elements.map((element) => (element.propertyName ?? element.name).text);
        addImport(statement.moduleSpecifier.text, names.length > 0 ? names : ['*'], statement.isTypeOnly);
      }
    } else if (statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) {
      if (ts.isVariableStatement(statement)) {
        for (const declaration of statement.declarationList.declarations)
          forEachName(declaration.name, addExport);
      } else if (statement.name) {
        addExport(statement.name);
      }
    }
  }

  const visit = (node) => {
    if (ts.isStringLiteralLike(node)) source.strings.add(node.text);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      addImport(node.argument.literal.text, ['*'], true);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return source;
}

function forEachName(binding, action) {
  if (ts.isIdentifier(binding)) action(binding);
  else
    for (const element of binding.elements)
      if (ts.isBindingElement(element)) forEachName(element.name, action);
}

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

const projects = loadProjects();
const publicFiles = new Map(
  projects.flatMap((project) =>
    publicEntriesOf(project).map(([path, file]) => [join(project.manifest.name, path), file]),
  ),
);
const sources = new Map();
for (const project of projects) {
  project.sources = filesUnder(project.folder, (name) => /\.ts$/.test(name) && !name.endsWith('.d.ts')).map(
    readSource,
  );
  for (const source of project.sources) sources.set(source.file, source);
}

/** The source file behind an import, or undefined when it is a package of others. */
function resolveImport(from, specifier) {
  if (!/^\.{1,2}\//.test(specifier)) return publicFiles.get(specifier);
  const file = resolve(dirname(from), specifier).replace(/\.js$/, '.ts');
  return sources.has(file) ? file : undefined;
}

const usedNames = new Map();
const use = (file, name) => usedNames.set(file, (usedNames.get(file) ?? new Set()).add(name));
for (const source of sources.values()) {
  for (const { specifier, names } of source.imports) {
    const file = resolveImport(source.file, specifier);
    if (file === undefined) continue;
    use(file, '');
    for (const name of names) use(file, name);
  }
  for (const text of source.strings) {
    const isImported = source.imports.some(({ specifier }) => specifier === text);
    const file = isImported ? undefined : resolveImport(source.file, text);
    if (file !== undefined) use(file, '*');
  }
}

const scriptTexts = filesUnder(join(ROOT, 'scripts'), () => true).map((file) => readFileSync(file, 'utf8'));
function isNamedInScripts(project, file) {
  const compiled = relative(join(project.folder, 'src'), file).replace(/\.ts$/, '.js');
  const local = Object.values(project.manifest.scripts ?? {}).concat(
    Object.values(project.manifest.bin ?? {}),
  );
  if (local.some((text) => text.includes(`dist/${compiled}`))) return true;
  const fromRoot = `${relative(ROOT, project.folder)}/dist/${compiled}`;
  return scriptTexts.some((text) => text.includes(fromRoot));
}

const failures = [];
const warnings = [];
const entryFiles = new Set(publicFiles.values());
for (const project of projects) {
  const at = (file) => relative(ROOT, file);
  for (const { file, exports } of project.sources) {
    if (entryFiles.has(file) || TEST_FILE.test(file)) continue;
    const isMain = file === join(project.folder, 'src', 'main.ts') || isNamedInScripts(project, file);
    const used = usedNames.get(file);
    if (used === undefined && !isMain) failures.push(`${at(file)}: nothing imports this file`);
    if (used?.has('*') || isMain) continue;
    for (const [name, line] of used === undefined ? [] : exports) {
      if (!used.has(name)) failures.push(`${at(file)}:${line}: no other file imports ${name}`);
    }
  }

  const { name, dependencies = {}, devDependencies = {}, peerDependencies = {} } = project.manifest;
  const declared = { ...dependencies, ...peerDependencies };
  const declaredForTests = { ...declared, ...devDependencies };
  const rootTools = readJson('package.json').devDependencies;
  for (const { file, imports } of project.sources) {
    for (const { specifier, typeOnly } of imports) {
      const imported = packageOf(specifier);
      if (specifier.startsWith('.') || specifier.startsWith('node:') || builtinModules.includes(imported))
        continue;
      if (imported === name || imported in declared) continue;
      if ((typeOnly || TEST_SUPPORT.test(file)) && imported in declaredForTests) continue;
      if (TEST_SUPPORT.test(file) && imported in rootTools) continue;
      failures.push(`${at(file)}: ${imported} is not declared in ${at(project.folder)}/package.json`);
    }
  }

  const isPlaceholder = project.sources.every(
    ({ imports, exports }) => imports.length === 0 && exports.size === 0,
  );
  if (isPlaceholder) continue;
  const mentioned = new Set(project.sources.flatMap(({ strings }) => [...strings].map(packageOf)));
  for (const text of Object.values(project.manifest.scripts ?? {})) {
    for (const word of text.split(/\s+/)) mentioned.add(word);
  }
  for (const dependency of Object.keys(declaredForTests)) {
    const typed = dependency.replace(/^@types\//, '');
    if (mentioned.has(dependency) || mentioned.has(typed)) continue;
    warnings.push(`${at(project.folder)}/package.json: ${dependency} is declared but never mentioned`);
  }
}

for (const failure of failures) console.log(failure);
for (const warning of warnings) console.log(`warning: ${warning}`);
process.exitCode = failures.length > 0 || (strict && warnings.length > 0) ? 1 : 0;
