export { bodyParts, readBody } from './limited-body';
export { OutboundNetwork } from './outbound-network';
export { outboundUrl } from './outbound-url';
export { headerNotAllowed, networkFailure, outboundFailed, outboundTimeout } from './outbound.errors';
export { requirePublic, resolveHost, sendTo } from './pinned-request';
export { isPublicAddress } from './public-address';
