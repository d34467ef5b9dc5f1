module.exports = require('../../jest.preset.cjs')('service-auth', __dirname);
