module.exports = require('../../jest.preset.cjs')('plane-contract', __dirname);
