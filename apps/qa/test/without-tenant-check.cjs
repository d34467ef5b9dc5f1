const { TenantDatabase } = require('@atlas/persistence');

/**
 * Makes the `repository-fails-closed` proof fail: a unit of work without a tenant does nothing instead of
 * throwing an error.
 */
const { read } = TenantDatabase.prototype;
TenantDatabase.prototype.read = function (tenantId, work) {
  return tenantId ? read.call(this, tenantId, work) : Promise.resolve();
};
