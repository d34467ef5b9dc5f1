import { join } from 'node:path';
import ts from 'typescript';
import { ROOT, read, write } from './workspace.mjs';

const HANDLERS = ['Get', 'Post', 'Put', 'Patch', 'Delete'];
const SCHEMA_OF_PIPE = { UuidPipe: { type: 'string', format: 'uuid' }, ParseIntPipe: { type: 'integer' } };
/** Types that list answers by status. */
const BY_STATUS = ['Answers', 'Sends'];
const { TypeFlags } = ts;

/**
 * `describe-answers.mjs <app> [--check]`: writes, or compares with what is written, what each handler of the app's
 * controllers answers as JSON schemas, made of the types that the handlers return:
 * `{ handlers: { <Controller>_<method>: { <status>: schema } }, parameters, schemas }`.
 * A handler with several answers returns `Answers<{ <status>: type }>`; one that sends its answer by itself, `Sends<…>`.
 */
class Answers {
  schemas = {};
  handlers = {};
  parameters = {};
  #names = new Map();

  constructor(program) {
    this.checker = program.getTypeChecker();
    const files = program.getSourceFiles().filter(({ fileName }) => fileName.endsWith('.controller.ts'));
    for (const file of files) ts.forEachChild(file, (node) => isDescribed(node) && this.#add(node));
  }

  #add({ name, members }) {
    for (const method of members.filter(isHandler)) {
      const id = `${name.text}_${method.name.text}`;
      this.handlers[id] = this.#answersOf(method);
      this.parameters[id] = Object.fromEntries(method.parameters.flatMap(parameterOf));
    }
  }

  #answersOf(method) {
    const { type } = method;
    const isPromise = ts.isTypeReferenceNode(type) && type.typeName.text === 'Promise';
    const node = isPromise ? type.typeArguments[0] : type;
    if (!ts.isTypeReferenceNode(node) || !BY_STATUS.includes(node.typeName.text))
      return { [statusOf(method)]: this.#schemaOf(this.checker.getTypeFromTypeNode(node)) };
    const sent = this.checker.getTypeFromTypeNode(node.typeArguments[0]);
    return Object.fromEntries(
      sent.getProperties().map((one) => [one.name, this.#schemaOf(this.checker.getTypeOfSymbol(one))]),
    );
  }

  /** Null where there is no answer. */
  #schemaOf(type) {
    if (type.flags & (TypeFlags.Void | TypeFlags.Undefined)) return null;
    if (type.flags & (TypeFlags.Any | TypeFlags.Unknown)) return {};
    if (type.flags & TypeFlags.Null) return { type: 'null' };
    if (type.isUnion()) return this.#unionOf(type);
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & TypeFlags.BooleanLiteral) return { const: this.checker.typeToString(type) === 'true' };
    if (type.flags & TypeFlags.StringLike) return { type: 'string' };
    if (type.flags & TypeFlags.NumberLike) return { type: 'number' };
    if (this.checker.isTupleType(type) || this.checker.isArrayType(type)) return this.#arrayOf(type);
    if (type.symbol?.name === 'Date') return { type: 'string', format: 'date-time' };
    return this.#named(type) ?? this.#objectOf(type);
  }

  #arrayOf(type) {
    const items = this.checker.getTypeArguments(type).map((one) => this.#schemaOf(one));
    return { type: 'array', items: anyOf(items) };
  }

  #unionOf(type) {
    const parts = type.types
      .filter(({ flags }) => !(flags & TypeFlags.Undefined))
      .map((one) => this.#schemaOf(one));
    const constants = parts.filter((part) => 'const' in part).map((part) => part.const);
    const others = parts.filter((part) => !('const' in part));
    const isBoolean = constants.includes(true) && constants.includes(false);
    const rest = isBoolean ? constants.filter((value) => typeof value !== 'boolean') : constants;
    return anyOf([
      ...(isBoolean ? [{ type: 'boolean' }] : []),
      ...(rest.length > 0 ? [{ enum: rest }] : []),
      ...others,
    ]);
  }

  /** An interface stands among the schemas once. */
  #named(type) {
    const { symbol, aliasSymbol, aliasTypeArguments, typeArguments } = type;
    const name =
      aliasSymbol && !aliasTypeArguments
        ? aliasSymbol.name
        : symbol?.flags & ts.SymbolFlags.Interface && !typeArguments?.length
          ? symbol.name
          : null;
    if (name === null) return null;
    if (this.#names.get(name) !== type) {
      if (this.#names.has(name)) return this.#objectOf(type);
      this.#names.set(name, type);
      this.schemas[name] = {};
      this.schemas[name] = this.#objectOf(type);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #objectOf(type) {
    const index = this.checker.getIndexInfosOfType(type)[0];
    const properties = {};
    const required = [];
    for (const property of type.getProperties()) {
      const of = this.checker.getTypeOfSymbol(property);
      if (of.getCallSignatures().length > 0) continue;
      const isOptional =
        property.flags & ts.SymbolFlags.Optional ||
        (of.isUnion() && of.types.some(({ flags }) => flags & TypeFlags.Undefined));
      const schema = this.#schemaOf(of);
      if (schema === null) continue;
      properties[property.name] = schema;
      if (!isOptional) required.push(property.name);
    }
    const known = Object.keys(properties).length > 0 && {
      properties,
      ...(required.length > 0 && { required }),
    };
    return { type: 'object', ...known, additionalProperties: this.#othersOf(index) };
  }

  #othersOf(index) {
    if (!index || index.type.flags & TypeFlags.Never) return false;
    return index.type.flags & (TypeFlags.Any | TypeFlags.Unknown) ? true : this.#schemaOf(index.type);
  }
}

/** A part of the path that a pipe checks. */
function parameterOf(parameter) {
  const [{ expression } = {}] = ts.getDecorators(parameter) ?? [];
  const [name, pipe] = expression?.expression.text === 'Param' ? expression.arguments : [];
  const schema = SCHEMA_OF_PIPE[pipe?.text];
  return schema ? [[name.text, schema]] : [];
}

function anyOf(schemas) {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  return distinct.length === 1 ? distinct[0] : { anyOf: distinct };
}

/** The decorators of a class or method that are named so, as calls. */
function decorators(node, names) {
  const calls = (ts.getDecorators(node) ?? []).map(({ expression }) => expression);
  return calls.filter(({ expression }) => names.includes(expression?.text));
}

/** A controller that serves pages is none. */
function isDescribed(node) {
  return ts.isClassDeclaration(node) && decorators(node, ['ApiExcludeController']).length === 0;
}

function isHandler(member) {
  return ts.isMethodDeclaration(member) && decorators(member, HANDLERS).length > 0;
}

/** As Nest has it. */
function statusOf(method) {
  const [code] = decorators(method, ['HttpCode']);
  return code?.arguments[0].text ?? (decorators(method, ['Post']).length > 0 ? '201' : '200');
}

const [app, check] = process.argv.slice(2);
const config = ts.getParsedCommandLineOfConfigFile(
  join(ROOT, 'apps', app, 'tsconfig.build.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (fault) => {
      throw new Error(fault.messageText);
    },
  },
);
const { handlers, parameters, schemas } = new Answers(ts.createProgram(config.fileNames, config.options));
const file = `apps/${app}/src/answers.json`;
const text = `${JSON.stringify({ handlers, parameters, schemas }, null, 2)}\n`;
if (check !== '--check') write(file, text);
else if (read(file) !== text) {
  process.stderr.write(`${file} is not what the handlers answer: run "npx nx run-many -t answers".\n`);
  process.exit(1);
}
