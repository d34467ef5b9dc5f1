module.exports = require('../../jest.preset.cjs')('qa', __dirname, { postgres: true });
