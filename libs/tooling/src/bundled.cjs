'use strict';
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createRequire, wrap } = require('node:module');
const { dirname } = require('node:path');
const { Script, constants } = require('node:vm');

/** Node maps stack traces to the sources only of files that it has loaded itself. */
const MAPS_SOURCES = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) =>
  option.includes('--enable-source-maps'),
);

/**
 * Loads a bundle without compiling it, if its bytecode was stored by the same version of Node with the same
 * V8 options. Otherwise, V8 ignores the bytecode.
 */
exports.load = (file) => (MAPS_SOURCES ? require(file) : run(scriptOf(file), file));

// `bundled.cjs <bundle> <module>` stores the bytecode of everything that loading the module compiles.
if (require.main === module) {
  const [file, name] = process.argv.slice(2);
  const script = scriptOf(file);
  run(script, file)[name]();
  writeFileSync(bytecodeOf(file), script.createCachedData());
}

function scriptOf(file) {
  const bytecode = bytecodeOf(file);
  return new Script(wrap(readFileSync(file, 'latin1')), {
    filename: file,
    cachedData: existsSync(bytecode) ? readFileSync(bytecode) : undefined,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
}

function run(script, file) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

function bytecodeOf(file) {
  return `${file}.bytecode`;
}
