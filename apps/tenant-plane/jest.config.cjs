module.exports = require('../../jest.preset.cjs')('tenant-plane', __dirname, {
  postgres: true,
  quickPasswords: true,
});
