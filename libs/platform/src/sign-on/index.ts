export * from './issuer';
export { type ProvenIdentity, type SignOnClient } from './relying-party';
export * from './sign-on.errors';
export * from './single-sign-on';
