const { TenantDatabase } = require('@atlas/persistence');

/** Makes `repository-fails-closed` fail. A unit of work without a tenant does nothing instead of throwing. */
const { read } = TenantDatabase.prototype;
TenantDatabase.prototype.read = function (tenantId, work) {
  return tenantId ? read.call(this, tenantId, work) : Promise.resolve();
};
