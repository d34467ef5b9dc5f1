// Required by path, because its name would resolve to this file again.
const argon2 = require('../../../node_modules/@node-rs/argon2');

const QUICK = { memoryCost: 64, timeCost: 1, parallelism: 1 };

/** Real argon2id at minimal cost, for suites that sign in a thousand times and do not test the cost. */
module.exports = { ...argon2, hash: (password) => argon2.hash(password, QUICK) };
