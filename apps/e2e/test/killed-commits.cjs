/**
 * Preloaded into a plane that runs from its modules. Kills the plane as with kill -9, right before or right
 * after the COMMIT of the transaction that writes `KILLED_<moment>` as a value.
 */
const { Client } = require('pg');
const { Database } = require('sqlite3');

const moment = process.env.KILLED_COMMIT;
const kill = () => process.kill(process.pid, 'SIGKILL');

/** The connections whose transaction writes the value. */
const doomed = new WeakSet();

function watch(prototype, name, killBehind) {
  const original = prototype[name];
  prototype[name] = function (statement, ...others) {
    if (others.flat().includes(`KILLED_${moment}`)) doomed.add(this);
    if (statement !== 'commit' || !doomed.has(this)) return original.call(this, statement, ...others);
    return moment === 'before' ? kill() : killBehind(original.bind(this));
  };
}

watch(Client.prototype, 'query', (query) => query('commit').then(kill));
for (const name of ['run', 'all']) watch(Database.prototype, name, (run) => run('commit', kill));
