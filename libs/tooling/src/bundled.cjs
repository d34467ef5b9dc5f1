'use strict';
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { dirname } = require('node:path');
const { Script, constants } = require('node:vm');

const DIGEST_BYTES = 32;

/** Node maps stack traces to the sources only of files that it has loaded itself. */
const MAPS_SOURCES = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) =>
  option.includes('--enable-source-maps'),
);

/**
 * Loads a bundle without compiling it, if its bytecode was stored by the same version of Node with the same
 * V8 options. Otherwise, V8 ignores the bytecode.
 */
exports.load = (file) => (MAPS_SOURCES ? require(file) : run(scriptOf(file), file));

/** Whether the bundle is loaded from its bytecode. */
exports.hasBytecode = (file) => scriptOf(file).cachedDataRejected === false;

// `bundled.cjs <bundle> <module>` stores the bytecode of everything that loading the module compiles.
if (require.main === module) {
  const [file, name] = process.argv.slice(2);
  const script = scriptOf(file);
  run(script, file)[name]();
  const bytecode = script.createCachedData();
  // A plane that starts meanwhile sees all of it or nothing.
  writeFileSync(`${file}.new`, Buffer.concat([digestOf(readFileSync(file), bytecode), bytecode]));
  renameSync(`${file}.new`, bytecodeOf(file));
}

function scriptOf(file) {
  const source = readFileSync(file);
  return new Script(wrap(source.latin1Slice()), {
    filename: file,
    cachedData: storedBytecode(file, source),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

/** V8 compares only the length of the source, and would run damaged bytecode. */
function storedBytecode(file, source) {
  if (!existsSync(bytecodeOf(file))) return undefined;
  const stored = readFileSync(bytecodeOf(file));
  const bytecode = stored.subarray(DIGEST_BYTES);
  return digestOf(source, bytecode).equals(stored.subarray(0, DIGEST_BYTES)) ? bytecode : undefined;
}

function digestOf(source, bytecode) {
  return createHash('sha256').update(source).update(bytecode).digest();
}

function run(script, file) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

function bytecodeOf(file) {
  return `${file}.bytecode`;
}
