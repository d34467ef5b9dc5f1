module.exports = require('../../jest.preset.cjs')('isolation', __dirname);
