module.exports = require('../../jest.preset.cjs')('control-plane', __dirname, {
  postgres: true,
  quickPasswords: true,
});
