/** The stories that only `npx nx run e2e:browser` tells. */
module.exports = {
  ...require('../../jest.preset.cjs')('browser', __dirname, { postgres: true }),
  testMatch: ['**/test/browser/*.browser.ts'],
};
