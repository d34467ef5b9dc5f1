module.exports = require('../../jest.preset.cjs')('persistence', __dirname, { postgres: true });
