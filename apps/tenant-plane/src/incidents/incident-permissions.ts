import { type Permission } from '../credentials/permission';

export const READ_INCIDENTS: Permission = { name: 'incidents:read', from: 'requester' };
/** Without it, users see only the incidents that they reported, and no notes. */
export const READ_ALL_INCIDENTS: Permission = { name: 'incidents:read-all', from: 'fulfiller' };
export const CREATE_INCIDENTS: Permission = { name: 'incidents:create', from: 'requester' };
export const SET_SLA_POLICY: Permission = { name: 'sla-policy:write', from: 'admin' };
