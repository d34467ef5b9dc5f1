module.exports = require('../../jest.preset.cjs')('deployment-profiles', __dirname);
