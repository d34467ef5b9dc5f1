import { type Permission } from '../credentials/permission';

export const READ_RUNBOOKS: Permission = { name: 'runbooks:read', from: 'fulfiller' };
export const WRITE_RUNBOOKS: Permission = { name: 'runbooks:write', from: 'operator' };
