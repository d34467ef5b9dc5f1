export * from './issuer';
export { type ProvenIdentity, type SignOnClient } from './relying-party';
export { isPublicAddress } from './public-addresses';
export * from './sign-on.errors';
export * from './single-sign-on';
