export { PasswordChecks } from './password-checks';
export { refuseGuessable } from './password-rules';
export * from './passwords';
