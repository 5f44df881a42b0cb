/* Bytes by TLS, with OpenSSL. Reading and writing do the handshake on the way. */
#include "wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 65536 };

static SSL_CTX *context;
static SSL *sessions[MOST_CONNECTIONS];

void wire_prepare(const char *pem) {
    context = SSL_CTX_new(TLS_server_method());
    if (pem == NULL || SSL_CTX_use_certificate_chain_file(context, pem) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, pem, SSL_FILETYPE_PEM) != 1) {
        fprintf(stderr, "TLS needs a file with a certificate chain and its private key\n");
        exit(2);
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS);
}

void wire_open(int fd) {
    sessions[fd] = SSL_new(context);
    SSL_set_fd(sessions[fd], fd);
    SSL_set_accept_state(sessions[fd]);
}

/* What OpenSSL says, as recv(2) and send(2) would. */
static ssize_t told(SSL *session, int done) {
    if (done > 0) return done;
    switch (SSL_get_error(session, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        ERR_clear_error();
        errno = ECONNRESET;
        return -1;
    }
}

ssize_t wire_read(int fd, void *bytes, size_t size) {
    return told(sessions[fd], SSL_read(sessions[fd], bytes, (int)size));
}

ssize_t wire_write(int fd, const void *bytes, size_t size) {
    return told(sessions[fd], SSL_write(sessions[fd], bytes, (int)size));
}

void wire_close(int fd) {
    SSL_free(sessions[fd]);
    sessions[fd] = NULL;
    close(fd);
}
