/** Jest runs what `tsc` built: no transformer stands between the tests and the code that ships. */
export default {
  rootDir: 'dist',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.js'],
  transform: {},
  // Only a test that hangs ends here: no test is about time, and machines are busy.
  testTimeout: 60_000,
  // Modules of a test file stay in memory after it (https://github.com/nodejs/node/issues/63186), so a worker that has grown starts anew.
  workerIdleMemoryLimit: '1GB',
  setupFiles: ['<rootDir>/test/helpers/partitions.js'],
  globalSetup: '<rootDir>/test/helpers/global-setup.js',
  setupFilesAfterEnv: ['<rootDir>/test/helpers/recorded-statements.js', '<rootDir>/test/helpers/rest-replies.js'],
  globalTeardown: '<rootDir>/test/helpers/global-teardown.js',
};
