/* How the provider's bytes travel: in the clear (wire_plain.c) or by TLS (wire_tls.c). The linker chooses. */
#ifndef WIRE_H
#define WIRE_H

#include <sys/types.h>

/* Get ready; `pem` holds a certificate chain and its private key, and is NULL in the clear. Exits when it cannot. */
void wire_prepare(const char *pem);

/* A connection was accepted; its socket does not block. */
void wire_open(int fd);

/* As recv(2) and send(2): -1 with errno EAGAIN means later, 0 from a read means the other side has left. */
ssize_t wire_read(int fd, void *bytes, size_t size);
ssize_t wire_write(int fd, const void *bytes, size_t size);

void wire_close(int fd);

#endif
