import { Reportable } from '../plane-identity/reportable';

/**
 * The rows that arrived differ from those that were sent, or the tenant cannot be exported or imported here.
 * A retry would fail again.
 */
export class TransferFailed extends Reportable {}
