module.exports = require('../../jest.preset.cjs')('tooling', __dirname);
