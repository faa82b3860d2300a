/* Deliberately empty: glibc's headers look for it when they are compiled for an ABI without floating point. */
