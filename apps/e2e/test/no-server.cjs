/**
 * Preloaded into a plane. The plane cannot create an HTTP server, so it fails once it has loaded its modules.
 */
require('node:http').createServer = () => {
  throw new Error('no server here');
};
