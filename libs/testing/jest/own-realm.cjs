const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest's Node environment, but the global object of its realm is an ordinary object. Jest's own one asks a
 * proxy each time that code reads `Object` or `Promise`. Without it, a plane starts in two thirds of the CPU
 * time. Each suite still has a realm of its own.
 */
module.exports = class OwnRealm extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
};
