/** Preloaded. No HTTP server can be created, so a plane fails once it has loaded its modules. */
require('node:http').createServer = () => {
  throw new Error('no server here');
};
