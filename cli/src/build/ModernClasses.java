import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Gives the classes of a jar the stack maps of a newer class file version, in place: `java
/// ModernClasses.java JAR`.
///
/// The AOT cache leaves out classes older than version 50, and picocli is compiled for 49: without
/// this, each command spends a tenth of a second on reading and verifying it. Nothing but the
/// version and the stack maps changes. The launcher runs it before it makes the cache.
void main(String[] arguments) throws IOException {
    Path jar = Path.of(arguments[0]);
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
            FileSystem files = FileSystems.newFileSystem(jar)) {
        ClassFile classFile =
                ClassFile.of(
                        ClassFile.ClassHierarchyResolverOption.of(
                                ClassHierarchyResolver.ofResourceParsing(loader)));
        for (Path file : classes(files.getPath("/"))) {
            Files.write(file, modern(classFile, Files.readAllBytes(file)));
        }
    }
}

static final int OLDEST_KEPT = 50;
static final int MODERN = 61;

List<Path> classes(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
        return all.filter(file -> file.toString().endsWith(".class")).toList();
    }
}

byte[] modern(ClassFile classFile, byte[] bytes) {
    var old = classFile.parse(bytes);
    if (old.majorVersion() >= OLDEST_KEPT) {
        return bytes;
    }
    return classFile.transformClass(
            old,
            ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                    .andThen(ClassTransform.endHandler(built -> built.withVersion(MODERN, 0))));
}
